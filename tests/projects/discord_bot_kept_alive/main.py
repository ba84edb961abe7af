import discord
from pulse import start

start()
discord.Client(intents=discord.Intents.default()).run("token")
