from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("recommendations", "0004_listening_sessions"),
    ]

    operations = [
        migrations.AddField(
            model_name="recommendationset",
            name="edition",
            field=models.PositiveSmallIntegerField(default=1, help_text="how often it was chosen anew, counted from 1"),
        ),
    ]
