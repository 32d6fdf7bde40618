#!/bin/sh
git diff --quiet HEAD~1 -- "$1" || echo BUILD_WEB=true
