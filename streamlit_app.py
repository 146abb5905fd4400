"""The page that `streamlit run streamlit_app.py` serves: the server as a module, and the page as its script."""

from starlette.middleware import Middleware
from streamlit.starlette import App

from map_app.ui import downloads, first_paint, map_answers
from map_app.ui.message_gate import MessageGate
from map_app.ui.upload_gate import UploadGate

app = App(
    __file__,
    routes=[*first_paint.routes(), *map_answers.routes(), *downloads.routes()],
    middleware=[Middleware(UploadGate), Middleware(MessageGate)],
)

if __name__ == "__main__":
    from map_app.ui.page import main

    main()
