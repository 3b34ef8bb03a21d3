"""The addresses of the pages of an agency, under each language."""

from django.urls import path

from api.agency import board, findings, send, set_up, sign_in, submissions, switch_off

app_name = "agency"
urlpatterns = [
    path("", board.Board.as_view(), name="board"),
    path("findings/", findings.Findings.as_view(), name="findings"),
    path("findings/<int:id>/", findings.Finding.as_view(), name="finding"),
    path("submissions/", submissions.Submissions.as_view(), name="submissions"),
    path("submissions/<uuid:id>/", submissions.Submission.as_view(), name="submission"),
    path("send/", send.Send.as_view(), name="send"),
    path("send/template.xlsx", send.Template.as_view(), name="template"),
    path("set-up/", set_up.SetUp.as_view(), name="set-up"),
    path("sign-in/", sign_in.SignIn.as_view(), name="sign-in"),
    path("second-factor/", sign_in.SecondFactor.as_view(), name="second-factor"),
    path("second-factor/again/", sign_in.NewSecondFactor.as_view(), name="second-factor-again"),
    path("sign-out/", sign_in.SignOut.as_view(), name="sign-out"),
    path("switch-off/<str:token>/", switch_off.SwitchOff.as_view(), name="switch-off"),
    path("invitation/<uidb64>/<token>/", sign_in.Invitation.as_view(), name="invitation"),
]
