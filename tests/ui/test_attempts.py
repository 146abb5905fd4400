import threading

from hypothesis import given
from hypothesis import strategies as st

from map_app.ui.attempts import FREE, LONGEST_WAIT_S, Answer, Attempts


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def wrong() -> bool:
    return False


def right() -> bool:
    return True


def unseen() -> bool:
    raise AssertionError("this password must not be looked at")


def barred(attempts: Attempts, address: str) -> float:
    return attempts.attempt(address, unseen).wait_s


def test_a_few_wrong_passwords_cost_nothing_and_the_next_ones_ever_more() -> None:
    clock = Clock()
    attempts = Attempts(clock)
    for _ in range(FREE):
        assert attempts.attempt("a", wrong) == Answer(accepted=False)
    waits = []
    for _ in range(8):
        assert attempts.attempt("a", wrong) == Answer(accepted=False)
        waits.append(barred(attempts, "a"))
        clock.now += waits[-1]
    assert waits == [2, 4, 8, 16, 32, 60, 60, 60]


def test_a_new_address_does_not_start_anew() -> None:
    attempts = Attempts(Clock())
    for number in range(FREE + 1):
        attempts.attempt(f"10.0.0.{number}", wrong)
    assert barred(attempts, "10.9.9.9") > 0


def test_an_attempt_during_a_wait_is_not_looked_at_and_makes_it_no_longer() -> None:
    clock = Clock()
    attempts = Attempts(clock)
    for _ in range(FREE + 3):
        attempts.attempt("a", wrong)
        clock.now += LONGEST_WAIT_S
    attempts.attempt("a", wrong)
    first = barred(attempts, "a")
    for _ in range(100):
        assert barred(attempts, "a") == first
    clock.now += first
    assert attempts.attempt("a", right).accepted


def test_whoever_guesses_for_a_month_keeps_nobody_out_for_longer_than_a_minute() -> None:
    clock = Clock()
    attempts = Attempts(clock)
    looked: list[str] = []
    minutes = 30 * 24 * 60
    for guess in range(minutes * 2):
        attempts.attempt(f"address {guess % 7}", lambda: bool(looked.append("wrong")))
        clock.now += LONGEST_WAIT_S / 2
    attempts.attempt("address 8", wrong)
    wait_s = barred(attempts, "editor")
    assert 0 < wait_s <= LONGEST_WAIT_S
    clock.now += wait_s
    assert attempts.attempt("editor", right).accepted
    assert len(looked) <= minutes + FREE + 10


def test_an_address_that_knew_the_password_is_not_held_up_by_the_guesses_of_others() -> None:
    attempts = Attempts(Clock())
    assert attempts.attempt("editor", right).accepted
    for number in range(FREE + 5):
        attempts.attempt(f"attacker {number}", wrong)
    assert barred(attempts, "another") > 0
    assert attempts.attempt("editor", right).accepted


def test_such_an_address_is_held_up_by_its_own_wrong_passwords() -> None:
    attempts = Attempts(Clock())
    attempts.attempt("editor", right)
    for _ in range(FREE + 1):
        attempts.attempt("editor", wrong)
    assert barred(attempts, "editor") > 0


def test_after_a_quiet_quarter_of_an_hour_the_count_starts_anew() -> None:
    clock = Clock()
    attempts = Attempts(clock)
    for _ in range(FREE + 1):
        attempts.attempt("a", wrong)
    clock.now += 901
    for _ in range(FREE):
        assert attempts.attempt("a", wrong) == Answer(accepted=False)
    assert attempts.attempt("a", right).accepted


def test_a_thousand_sessions_at_once_get_no_more_looks_than_one() -> None:
    attempts = Attempts(Clock())
    looked: list[str] = []

    def one(number: int) -> None:
        attempts.attempt(f"10.0.{number}", lambda: bool(looked.append("wrong")))

    threads = [threading.Thread(target=one, args=(number,)) for number in range(1000)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(looked) == FREE + 1


@given(st.lists(st.tuples(st.sampled_from("abc"), st.booleans(), st.floats(0, 200)), max_size=60))
def test_nobody_ever_waits_longer_than_the_longest_wait(tried: list[tuple[str, bool, float]]) -> None:
    clock = Clock()
    attempts = Attempts(clock)
    for address, is_right, later in tried:
        answer = attempts.attempt(address, right if is_right else wrong)
        assert 0 <= answer.wait_s <= LONGEST_WAIT_S
        assert not (answer.accepted and not is_right)
        clock.now += later
