import streamlit as st

st.title("Tides")
