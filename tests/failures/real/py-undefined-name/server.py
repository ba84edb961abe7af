serve(app)
