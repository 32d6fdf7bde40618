"""Text of a shell script -> its syntax tree; knows no value of anything."""
