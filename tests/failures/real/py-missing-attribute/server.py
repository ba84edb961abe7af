import json
json.serve()
