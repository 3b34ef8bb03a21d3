"""The references that Django serves: a view that does nothing, and a bulk insert as most would write it with DRF."""

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from rest_framework import serializers, status
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from bench.models import FlatRow
from p2p_core.codes import COUNTRIES, NETWORKS


@login_not_required
def empty(request: HttpRequest) -> HttpResponse:  # noqa: ARG001  Django calls it so
    return HttpResponse()


class FlatRowList(serializers.ListSerializer[Any]):
    """Stores all rows in one go."""

    def create(self, validated_data: list[dict[str, Any]]) -> list[FlatRow]:
        return FlatRow.objects.bulk_create(FlatRow(**row) for row in validated_data)


class FlatRowSerializer(serializers.Serializer[Any]):
    """One observation, checked."""

    report = serializers.IntegerField(min_value=0)
    country = serializers.ChoiceField(choices=list(COUNTRIES))
    network = serializers.ChoiceField(choices=list(NETWORKS))
    value = serializers.IntegerField(min_value=0, max_value=1_000_000_000)

    class Meta:
        list_serializer_class = FlatRowList

    def validate_country(self, code: str) -> int:
        return COUNTRIES[code]

    def validate_network(self, code: str) -> int:
        return NETWORKS[code]


class RowsView(APIView):
    """`POST /bench/rows/`"""

    permission_classes = (AllowAny,)

    def post(self, request: Request) -> Response:
        serializer = FlatRowSerializer(data=request.data, many=True)
        serializer.is_valid(raise_exception=True)
        serializer.save()
        return Response(status=status.HTTP_201_CREATED)
