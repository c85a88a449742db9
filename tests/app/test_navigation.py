"""The rail and the start."""

from tests.app.lived import a_visit

from everlearn.app.navigation import NAVIGATION


def test_the_start_is_the_models_of_the_default_project() -> None:
    with a_visit() as visitor:
        answer = visitor.client.get("/", follow_redirects=False)

    assert (answer.status_code, answer.headers["location"]) == (303, "/projects/default/models")


def test_every_line_of_the_rail_leads_to_a_page_that_lights_it() -> None:
    with a_visit() as visitor:
        for item, path in NAVIGATION.paths("default"):
            seen = visitor.sees(path)
            assert seen.status == 200
            assert f'<a href="{path}" aria-current="page"' in seen.html or item.key == "api"
