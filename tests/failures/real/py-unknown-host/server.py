import urllib.request
urllib.request.urlopen("http://db.invalid/")
