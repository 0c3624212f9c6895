"""One router a resource; each function is made of some of them."""
