from quart import Blueprint

tides = Blueprint("tides", __name__)


@tides.route("/")
async def index():
    return "hello from a blueprint"
