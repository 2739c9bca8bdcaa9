"""The night of a container, started by Airflow each night and again after any failure.

The night is a graph of its own, which does not repeat what is done: Airflow needs one task. Where
things are is told by environment variables of the worker:

    GRIDCONTAINER_HOME    folder with ``conf``; the command is started there
    GRIDCONTAINER_COMMAND the command, if it is not on the path
    GRIDCONTAINER_DATA    folder of the source files
    GRIDCONTAINER_ROOT    root of the container
"""

from datetime import datetime, timedelta

from airflow.models.dag import DAG
from airflow.operators.bash import BashOperator

NIGHT = """
cd "${GRIDCONTAINER_HOME:?set it to the folder with conf}"
exec "${GRIDCONTAINER_COMMAND:-gridcontainer}" nightly --date {{ ds }}
"""

with DAG(
    dag_id="gridcontainer_nightly",
    description="Ingest, locate, identities, links, relations, sensors, catalogue, retention",
    schedule="30 1 * * *",
    start_date=datetime(2026, 1, 1),
    catchup=False,  # back-fill by hand: airflow dags backfill, or gridcontainer nightly --date
    max_active_runs=1,  # two at once would wait for one lock
    tags=["gridcontainer"],
) as dag:
    # Exit code 1 (something failed) and 75 (locked) are worth another try, which does only what is
    # left; 2 (a mistake in the configuration) fails as often and quickly.
    BashOperator(
        task_id="night",
        bash_command=NIGHT,
        retries=3,
        retry_delay=timedelta(minutes=15),
        execution_timeout=timedelta(hours=6),
    )
