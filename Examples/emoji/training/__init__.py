"""Training of the emoji demo model, in stages; see ../train.py."""
