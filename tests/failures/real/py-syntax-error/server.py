def serve(:
    pass
