class Anchors:
    def init_app(self, app):
        app.extensions["anchors"] = self
