"""What the emulator's evaluation of IAM policies lacks, added so that our conditions are judged and not passed over:
the role behind a session, the condition keys of KMS, DynamoDB and S3, the rule that targets are put on, and TLS. See docs/testing.md."""

import contextvars
import json
import os
from functools import partial

from ministack import app
from ministack.core import iam_actions, iam_evaluator
from ministack.services import eventbridge, stepfunctions
from ministack.services.cloudformation import provisioners

PARTITION_KEY = "pk"  # of all our tables
_noted = set()
_leading_keys = contextvars.ContextVar("leading_keys", default=())


def install():
    # Policies of ours refuse what does not come by TLS. Nothing leaves this machine, so it counts as TLS.
    pin = iam_evaluator.pin_request_origin
    app.pin_request_origin = lambda source_ip, _secure: pin(source_ip, True)
    handler = provisioners._RESOURCE_HANDLERS["AWS::Events::EventBus"]
    handler["delete"] = partial(_delete_empty_bus, handler["delete"])
    _wrap(iam_evaluator, "_resolve_condition_key", _principal_is_the_role)
    _wrap(iam_actions, "extract_iam_action", _action_of_batch)
    _wrap(iam_actions, "extract_resource_arn", _resource_of_targets)
    _wrap(iam_actions, "request_tag_context", _kms_context)
    _wrap(iam_actions, "s3_service_context", _conditional_put)
    _wrap(iam_actions, "dynamodb_service_context", _leading_key_of_request)
    _wrap(iam_actions, "dynamodb_transaction_checks", _leading_keys_of_transaction)
    _wrap(iam_evaluator, "enforce", _enforce_with_its_leading_key)


def _wrap(module, name, around):
    inner = getattr(module, name)
    setattr(module, name, lambda *args, **kwargs: around(inner, *args, **kwargs))


def _delete_empty_bus(inner, name, properties):
    """AWS refuses to delete a bus that has rules."""
    rules = [rule["Name"] for rule in eventbridge._rules.values() if rule.get("EventBusName") == name]
    if rules:
        raise ValueError(f"Cannot delete event bus {name} since it has rules: {', '.join(rules)}")
    return inner(name, properties)


def _principal_is_the_role(inner, key, context):
    value = inner(key, context)
    if key.lower() != "aws:principalarn" or ":assumed-role/" not in str(value):
        return value
    account, _, role = value.removeprefix("arn:aws:sts::").partition(":assumed-role/")
    return f"arn:aws:iam::{account}:role/{role.split('/')[0]}"


def _action_of_batch(inner, service, *rest):
    """SQS authorizes a batch as the action it repeats."""
    action = inner(service, *rest)
    return action.removesuffix("Batch") if service == "sqs" and action else action


def _resource_of_targets(inner, service, method, path, headers, body, query_params, region, account_id, *rest):
    rule = _fields(body).get("Rule") if service == "events" else None
    if not isinstance(rule, str):
        return inner(service, method, path, headers, body, query_params, region, account_id, *rest)
    bus = _fields(body).get("EventBusName") or "default"
    return f"arn:aws:events:{region}:{account_id}:rule/{rule if bus == 'default' else f'{bus}/{rule}'}"


def _kms_context(inner, service, iam_action, body, *rest):
    context = inner(service, iam_action, body, *rest)
    asked = _fields(body)
    bound_to = asked.get("EncryptionContext") or {}
    context = {**context, **{f"kms:EncryptionContext:{name}": value for name, value in bound_to.items()}}
    if iam_action != "kms:Sign":
        return context
    return {
        **context,
        "kms:SigningAlgorithm": asked.get("SigningAlgorithm"),
        "kms:MessageType": asked.get("MessageType", "RAW"),
    }


def _conditional_put(inner, iam_action, query_params, path="", headers=None):
    context = inner(iam_action, query_params, path, headers)
    given = {name.lower(): value for name, value in (headers or {}).items()}.get("if-none-match")
    return context if given is None else {**context, "s3:if-none-match": given}


def _leading_key_of_request(inner, body):
    key = _partition(_fields(body))
    return inner(body) if key is None else {**inner(body), "dynamodb:LeadingKeys": [key]}


def _leading_keys_of_transaction(inner, iam_action, body, region, account_id):
    checks = inner(iam_action, body, region, account_id)
    if checks:
        members = [part for item in _fields(body)["TransactItems"] for part in item.values() if "TableName" in part]
        _leading_keys.set([_partition(part) for part in members])
    return checks


def _enforce_with_its_leading_key(inner, access_key, action, service, region, resource_arn="*", service_context=None):
    keys = _leading_keys.get()
    if "dynamodb:EnclosingOperation" in (service_context or {}) and keys:
        _leading_keys.set(keys[1:])
        service_context = {**service_context, "dynamodb:LeadingKeys": [keys[0]]}
    for resource in _machines() if action.startswith("states:SendTask") else [resource_arn]:
        refused = inner(access_key, action, service, region, resource_arn=resource, service_context=service_context)
        if refused is None:
            _note(access_key, action, resource)
            return None
    return refused


def _machines():
    """A task token does not say here whose it is: it may be answered by who may answer some machine's."""
    return [machine["stateMachineArn"] for machine in stepfunctions._state_machines.values()] or ["*"]


def _note(access_key, action, resource_arn):
    """What a role was allowed to do, each once, for the test that compares it with what it may do."""
    caller = iam_evaluator.resolve_caller_identity(access_key) or {}
    role = (caller.get("userArn") or "").split(":assumed-role/")[-1].split("/")[0]
    line = json.dumps([role, action, resource_arn])
    if role.startswith(("arn:", "cdk-")) or not role or line in _noted:
        return
    _noted.add(line)
    with open(os.environ["NERVOUS_USED_ACTIONS"], "a", encoding="utf-8") as file:
        file.write(line + "\n")



def _partition(request):
    holder = request.get("Item") or request.get("Key") or {}
    value = holder.get(PARTITION_KEY) if isinstance(holder, dict) else None
    return value.get("S") if isinstance(value, dict) else None


def _fields(body):
    try:
        fields = json.loads(body or b"{}")
    except ValueError:
        return {}
    return fields if isinstance(fields, dict) else {}
