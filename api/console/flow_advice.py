"""What to do about each part of the way, in the words of the Flow page."""

ASK_RECEIVERS = "Each receiver tells at /readyz how it is."
QUIET = (
    "If the host had something to tell, look at the recent events of its system hook, "
    "and at /readyz of the receivers."
)
OTHER_SPOOLS = (
    "Only the spool of the API's own machine can be seen here; the metrics of the "
    "receivers tell of theirs."
)
SPOOLED = (
    "Receivers send them by themselves once RabbitMQ takes them. If RabbitMQ answers, "
    "look at /readyz of the receivers. Nothing is lost as long as the disk has room."
)
NO_RABBITMQ = (
    "Receivers keep hooks in their spools meanwhile, and nothing is lost. Check that "
    "RabbitMQ runs, and that FORGEWIRE_AMQP_URL is right."
)
ASK_WORKERS = "Each worker tells at /readyz how it is."
NO_WORKER = (
    "Events wait in the queue, and nothing is lost. Start one: forgewire worker."
)
STANDING_STILL = (
    "Look at /readyz and the log of each worker: one that had to reject too much in a "
    "row stands still, so that a mistake of ours does not bury everything."
)
LATE = "If it grows, start more workers: any number may work side by side."
SLOW_MONGODB = "Look at its load and its disk. Workers wait for it; nothing is lost."
NO_MONGODB = (
    "Workers keep what they have, and events wait in the queue. Check that MongoDB has "
    "a primary, and that FORGEWIRE_MONGODB_URL is right."
)
MEMBER = "Start it again: with one more gone, nothing might be written."
DEAD_LETTERS = (
    "Look at their reasons, mend what was wrong, then replay them. They never expire."
)
WEIGHED_LATER = "It is weighed about once a minute, and after the API has started."
UNBALANCED = (
    "Run forgewire audit on the machine of the receivers: it compares one by one, and "
    "says which are under way."
)
