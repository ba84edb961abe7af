import connexion


def tea():
    return {"tea": "hello from Connexion"}


app = connexion.FlaskApp(__name__)
app.add_api("openapi.yaml")
