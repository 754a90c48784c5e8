import uuid

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def number_told_moods(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Give each mood that is there an id of its own: a default would give all of them the same."""
    moods = apps.get_model("emotion", "ToldMood")
    for mood in moods.objects.only("pk").iterator():
        moods.objects.filter(pk=mood.pk).update(public_id=uuid.uuid4())


class Migration(migrations.Migration):
    dependencies = [("emotion", "0004_version_load_error")]

    operations = [
        migrations.AddField(
            model_name="toldmood",
            name="public_id",
            field=models.UUIDField(default=uuid.uuid4, editable=False, null=True),
        ),
        migrations.RunPython(number_told_moods, migrations.RunPython.noop),
        migrations.AlterField(
            model_name="toldmood",
            name="public_id",
            field=models.UUIDField(default=uuid.uuid4, editable=False, unique=True),
        ),
    ]
