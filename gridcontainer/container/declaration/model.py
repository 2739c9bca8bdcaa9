"""What every part of a declaration is made of."""

from pydantic import BaseModel, ConfigDict


class Model(BaseModel):
    """Refuses keys that it does not know: a misspelt key is an error, not a default."""

    model_config = ConfigDict(extra="forbid", frozen=True)
