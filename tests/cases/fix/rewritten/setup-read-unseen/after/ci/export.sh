export MODE
