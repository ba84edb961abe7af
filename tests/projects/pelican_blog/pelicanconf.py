SITENAME = "Harbour"
PATH = "content"
