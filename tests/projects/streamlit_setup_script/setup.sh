mkdir -p ~/.streamlit
printf '[server]\nport = %s\n' "$PORT" > ~/.streamlit/config.toml
