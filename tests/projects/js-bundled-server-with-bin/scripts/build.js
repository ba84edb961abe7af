require("esbuild")
