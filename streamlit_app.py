"""The page that `streamlit run streamlit_app.py` serves."""

from map_app.ui.page import main

main()
