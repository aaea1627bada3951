"""What runs inside a sandbox. Standard library only, Python 3.9 or newer: these files are copied
into the image (with tasks/values.py) and never imported by the host."""
