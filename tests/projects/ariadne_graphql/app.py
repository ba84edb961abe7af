from ariadne import QueryType, make_executable_schema
from ariadne.asgi import GraphQL

query = QueryType()


@query.field("tea")
def tea(*_):
    return "hello from Ariadne"


schema = make_executable_schema("type Query { tea: String! }", query)
app = GraphQL(schema)
