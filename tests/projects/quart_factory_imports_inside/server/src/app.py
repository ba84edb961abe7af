from quart import Quart


def create_app():
    app = Quart(__name__)

    from .tides import tides

    app.register_blueprint(tides)
    return app
