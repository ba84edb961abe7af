from bottle import route, run, template


@route("/")
def index():
    return template("hello from {{who}}", who="Bottle")


run(host="localhost", port=8080, debug=True)
