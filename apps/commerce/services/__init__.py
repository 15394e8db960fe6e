"""What can happen in a shop, one module for each kind of object."""
