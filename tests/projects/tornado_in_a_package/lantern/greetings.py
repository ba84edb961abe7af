HELLO = "hello from a lantern"
