rows = bytearray(1 << 62)
