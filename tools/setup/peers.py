"""x"""
def set_up(tools, target, ignore): pass
