"""How often a user may ask."""

from shared.http.rate_limit import MAX_USERS, RateLimiter


def test_a_bucket_holds_a_minute_and_then_refuses():
    limiter = RateLimiter(3)
    assert [limiter.take("u", 0).remaining for _ in range(3)] == [2, 1, 0]
    refused = limiter.take("u", 0)
    assert (refused.allowed, refused.retry_after, refused.reset) == (False, 20, 20)


def test_what_is_left_is_there_again_when_the_bucket_is_full():
    limiter = RateLimiter(3)
    assert [limiter.take("u", 0).reset for _ in range(3)] == [20, 40, 60]


def test_a_refusal_names_one_time_for_the_next_try():
    limiter = RateLimiter(600)
    for _ in range(600):
        limiter.take("u", 0)
    refused = limiter.take("u", 0)
    assert 0 < refused.retry_after < refused.reset == 1


def test_a_bucket_fills_evenly_and_not_beyond_its_size():
    limiter = RateLimiter(3)
    for _ in range(3):
        limiter.take("u", 0)
    assert not limiter.take("u", 19.9).allowed
    assert limiter.take("u", 20.1).allowed
    assert limiter.take("u", 10_000).remaining == 2


def test_a_refusal_takes_nothing():
    limiter = RateLimiter(1)
    limiter.take("u", 0)
    assert not any(limiter.take("u", second).allowed for second in range(1, 60))
    assert limiter.take("u", 60).allowed


def test_users_have_buckets_of_their_own():
    limiter = RateLimiter(1)
    assert limiter.take("a", 0).allowed
    assert limiter.take("b", 0).allowed
    assert not limiter.take("a", 0).allowed


def test_only_so_many_users_are_remembered():
    limiter = RateLimiter(1)
    for n in range(MAX_USERS + 1):
        limiter.take(str(n), 0)
    assert limiter.take("0", 0).allowed
    assert not limiter.take(str(MAX_USERS), 0).allowed
