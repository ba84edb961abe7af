import streamlit as st

st.title("Rain")
