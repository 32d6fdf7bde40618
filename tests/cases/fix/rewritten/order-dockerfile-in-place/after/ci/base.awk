/^FROM/ { print "FROM registry.example.com/group/project/base:1"; next } { print }
