"""What a service refused, said on the form."""

from django import forms

from apps.core.errors import Problem


def refuse(form: forms.Form, problem: Problem) -> None:
    """Say it beside its field, or above the form where it is about none."""
    form.add_error(problem.param if problem.param in form.fields else None, problem.detail)
