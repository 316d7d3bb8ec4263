from django.contrib.auth import views as auth
from django.urls import path

from portal.accounts import views

app_name = "accounts"
urlpatterns = [
    path("entrar/", views.SignIn.as_view(), name="login"),
    path("salir/", auth.LogoutView.as_view(), name="logout"),
    path("cuenta/", views.account, name="account"),
    path("cuenta/contrasena/", views.ChangePassword.as_view(), name="password"),
    path("cuenta/contrasena/hecho/", views.PasswordChanged.as_view(), name="password_changed"),
    path("idioma/", views.set_language, name="language"),
]
