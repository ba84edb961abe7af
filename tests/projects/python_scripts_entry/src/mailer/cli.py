import os

from aiohttp import web


def main():
    web.run_app(web.Application(), host=os.environ["HOST"], port=int(os.environ["PORT"]))
