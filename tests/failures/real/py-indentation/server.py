def serve():
pass
