class Greeting
  def call(env)
    [200, { "content-type" => "text/plain" }, ["hello from a bare config.ru\n"]]
  end
end

run Greeting.new
