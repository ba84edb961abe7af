rootProject.name = "shop"
include("api", "core")
