from json import serve
