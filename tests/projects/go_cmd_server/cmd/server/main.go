package main

import "github.com/me/shop/internal/web"

func main() {
	web.Serve()
}
