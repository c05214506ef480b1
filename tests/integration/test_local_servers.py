"""Show that the local servers work for clients, and keep what they were told."""


def test_a_database_is_ours_alone(database):
    database.things.insert_one({"_id": 1})

    count = database.things.count_documents({})

    assert count == 1
    assert database.client.write_concern.document == {"w": "majority"}
