FROM python:3.11-slim
WORKDIR /app
COPY requirements.txt ./
# With what signing in by OpenID Connect needs, since a container cannot be added to.
RUN pip install --no-cache-dir -r requirements.txt "streamlit[auth]"
COPY map_app ./map_app
COPY data ./data
COPY docs/geoparser.md ./docs/geoparser.md
COPY .streamlit/config.toml ./.streamlit/config.toml
COPY streamlit_app.py ./
RUN useradd --create-home news && mkdir -p /articles /cache && chown news /articles /cache
USER news
ENV MAP_APP_STORE=/articles/articles.sqlite MAP_APP_CACHE=/cache
# Built into the image, so that a new container draws its first map at once.
RUN python -c "from map_app.app import open_app; from map_app.settings import Settings; open_app(Settings.from_environment())"
VOLUME /articles
EXPOSE 8501
HEALTHCHECK CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8501/_stcore/health', timeout=3)"]
CMD ["streamlit", "run", "streamlit_app.py", "--server.address=0.0.0.0", "--server.headless=true"]
