"""Words as written -> fields: expansion, splitting and quote removal."""
