s#^FROM .*#FROM registry.example.com/group/project/base:1#
