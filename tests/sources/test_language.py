import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from map_app.sources import language as language_module
from map_app.sources.fields import Draft, make_article
from map_app.sources.language import language_of

NEWS = {
    "de": (
        "Die Stadt will im kommenden Jahr zwei neue Brücken über den Fluss bauen. Der Bürgermeister "
        "sagte am Montag, die Arbeiten sollten im Frühling beginnen und achtzehn Monate dauern."
    ),
    "fr": (
        "La ville veut construire deux nouveaux ponts sur le fleuve l'an prochain. Le maire a "
        "déclaré lundi que les travaux devraient commencer au printemps et durer dix-huit mois."
    ),
    "es": (
        "La ciudad quiere construir dos puentes nuevos sobre el río el próximo año. El alcalde dijo "
        "el lunes que las obras deberían empezar en primavera y durar dieciocho meses."
    ),
    "it": (
        "La città vuole costruire due nuovi ponti sul fiume l'anno prossimo. Il sindaco ha detto "
        "lunedì che i lavori dovrebbero iniziare in primavera e durare diciotto mesi."
    ),
    "pt": (
        "A cidade quer construir duas novas pontes sobre o rio no próximo ano. O prefeito disse na "
        "segunda-feira que as obras devem começar na primavera e durar dezoito meses."
    ),
    "nl": (
        "De stad wil volgend jaar twee nieuwe bruggen over de rivier bouwen. De burgemeester zei "
        "maandag dat het werk in het voorjaar moet beginnen en achttien maanden zal duren."
    ),
    "pl": (
        "Miasto chce w przyszłym roku zbudować dwa nowe mosty nad rzeką. Burmistrz powiedział w "
        "poniedziałek, że prace powinny rozpocząć się wiosną i potrwać osiemnaście miesięcy."
    ),
    "cs": (
        "Město chce příští rok postavit dva nové mosty přes řeku. Starosta v pondělí řekl, že práce "
        "by měly začít na jaře a trvat osmnáct měsíců."
    ),
    "sv": (
        "Staden vill bygga två nya broar över floden nästa år. Borgmästaren sade på måndagen att "
        "arbetet bör börja på våren och pågå i arton månader."
    ),
    "da": (
        "Byen vil bygge to nye broer over floden næste år. Borgmesteren sagde mandag, at arbejdet "
        "skal begynde til foråret og vare atten måneder."
    ),
    "fi": (
        "Kaupunki aikoo rakentaa ensi vuonna kaksi uutta siltaa joen yli. Pormestari sanoi "
        "maanantaina, että työt alkavat keväällä ja kestävät kahdeksantoista kuukautta."
    ),
    "hu": (
        "A város jövőre két új hidat akar építeni a folyó fölött. A polgármester hétfőn azt mondta, "
        "hogy a munkák tavasszal kezdődnek és tizennyolc hónapig tartanak."
    ),
    "ro": (
        "Orașul vrea să construiască anul viitor două poduri noi peste râu. Primarul a spus luni că "
        "lucrările ar trebui să înceapă în primăvară și să dureze optsprezece luni."
    ),
    "tr": (
        "Kent gelecek yıl nehrin üzerine iki yeni köprü yapmak istiyor. Belediye başkanı pazartesi "
        "günü çalışmaların ilkbaharda başlayıp on sekiz ay süreceğini söyledi."
    ),
    "id": (
        "Kota itu ingin membangun dua jembatan baru di atas sungai tahun depan. Wali kota "
        "mengatakan pada hari Senin bahwa pekerjaan akan dimulai pada musim semi."
    ),
    "vi": (
        "Thành phố muốn xây hai cây cầu mới bắc qua sông vào năm tới. Thị trưởng nói hôm thứ Hai "
        "rằng công việc sẽ bắt đầu vào mùa xuân và kéo dài mười tám tháng."
    ),
    "ru": (
        "Город хочет построить в следующем году два новых моста через реку. Мэр сказал в "
        "понедельник, что работы должны начаться весной и продлиться восемнадцать месяцев."
    ),
    "uk": (
        "Місто хоче наступного року збудувати два нові мости через річку. Мер сказав у понеділок, "
        "що роботи мають розпочатися навесні й тривати вісімнадцять місяців."
    ),
    "el": (
        "Η πόλη θέλει να χτίσει δύο νέες γέφυρες πάνω από το ποτάμι του χρόνου. Ο δήμαρχος είπε τη "
        "Δευτέρα ότι τα έργα θα αρχίσουν την άνοιξη."
    ),
    "ar": (
        "تريد المدينة بناء جسرين جديدين فوق النهر في العام المقبل. وقال رئيس البلدية يوم الاثنين إن "
        "الأعمال ستبدأ في الربيع وتستمر ثمانية عشر شهرا."
    ),
    "he": (
        "העיר רוצה לבנות שני גשרים חדשים מעל הנהר בשנה הבאה. ראש העיר אמר ביום שני שהעבודות יתחילו "
        "באביב ויימשכו שמונה עשר חודשים."
    ),
    "hi": (
        "शहर अगले साल नदी पर दो नए पुल बनाना चाहता है। महापौर ने सोमवार को कहा कि काम वसंत में शुरू होगा और अठारह महीने चलेगा।"
    ),
    "zh": "该市希望明年在河上修建两座新桥。市长周一表示，工程应在春季开始，为期十八个月。",
    "ja": "市は来年、川に新しい橋を二つ架けることを計画している。市長は月曜日、工事は春に始まり一年半続くと述べた。",
    "ko": (
        "시는 내년에 강 위에 새 다리 두 개를 건설하려고 한다. 시장은 월요일에 "
        "공사가 봄에 시작되어 열여덟 달 동안 이어질 것이라고 말했다."
    ),
    "sw": (
        "Jiji linataka kujenga madaraja mawili mapya juu ya mto mwaka ujao. Meya alisema Jumatatu "
        "kwamba kazi itaanza majira ya kuchipua."
    ),
    "en": (
        "The city wants to build two new bridges over the river next year. The mayor said on Monday "
        "that the work should begin in spring and last eighteen months."
    ),
}


@pytest.mark.parametrize("language", NEWS)
def test_news_of_two_sentences_is_told_in_its_language(language: str) -> None:
    assert language_of("", NEWS[language]) == language


@pytest.mark.parametrize("language", NEWS)
def test_half_a_sentence_is_told_right_or_not_at_all(language: str) -> None:
    for length in (30, 50, 80):
        assert language_of("", NEWS[language][:length]) in (language, "")


def test_english_with_its_usual_small_words_is_told_without_reading_a_model(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = "The mayor said that the work would begin with the first of two new bridges when spring comes."

    def unread() -> None:
        raise AssertionError("the model was asked")

    monkeypatch.setattr(language_module, "_identifier", unread)
    assert language_of("", plain) == "en"
    assert language_of("Two bridges", plain) == "en"
    with pytest.raises(AssertionError):
        language_of("", "Two new bridges over a river near Riga: a mayor hopes for spring, builders for summer.")


@pytest.mark.parametrize("language", sorted(NEWS.keys() - {"en"}))
def test_english_titles_in_news_of_another_language_do_not_make_it_english(language: str) -> None:
    text = f"{NEWS[language]} «The Land That Was Lost» & «From Here and There». {NEWS[language]}"
    assert language_of("", text) == language


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Live updates",
        "Biden, Zelenskyy, Macron meet in Paris",
        "Volodymyr Zelenskyy, Emmanuel Macron, Olaf Scholz",
        "Mogadishu Kismayo Baidoa Garowe Bosaso Hargeisa Berbera",
        "KYIV, Ukraine",
        "12:30 14:00 15:10 " * 50,
        "Los Angeles, San Francisco, San Diego, Sacramento fires",
    ],
)
def test_names_and_numbers_are_of_no_language(text: str) -> None:
    assert language_of("", text) in ("", "en")


def test_what_the_source_says_stands_and_what_it_writes_wrongly_is_found_out() -> None:
    def made(language: str) -> str:
        return make_article(Draft("", NEWS["de"], language=language), source="s", max_chars=9999)[0].language

    assert made("de_AT") == "de-AT"
    assert made("en") == "en"
    assert made("") == made("German!") == "de"


def test_threads_that_ask_at_once_get_their_own_answers() -> None:
    answers: dict[str, list[str]] = {}

    def ask(language: str) -> None:
        answers[language] = [language_of("", NEWS[language]) for _ in range(20)]

    threads = [threading.Thread(target=ask, args=(language,)) for language in NEWS]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {language: [language] * 20 for language in NEWS}


@given(st.text(max_size=200), st.text(max_size=800))
def test_no_text_is_too_odd(title: str, text: str) -> None:
    language = language_of(title, text)
    assert language == "" or len(language) == 2
