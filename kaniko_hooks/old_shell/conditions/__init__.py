"""What tests tell apart: guards that exclude each other, and what a test gives."""
