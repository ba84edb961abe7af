from django.urls import path
from rest_framework.decorators import api_view
from rest_framework.response import Response


@api_view(["GET"])
def hello(request):
    return Response({"hello": "from the backend"})


urlpatterns = [path("", hello)]
