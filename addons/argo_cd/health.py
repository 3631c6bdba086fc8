"""An Application that others wait for: without this one of an earlier wave counts as ready at once.

https://argo-cd.readthedocs.io/en/stable/operator-manual/health/#argocd-app (v3.4.4 docs/operator-manual/health.md:29)
"""

from __future__ import annotations

HEALTH = "resource.customizations.health.argoproj.io_Application"
APPLICATION_HEALTH = """\
hs = {}
hs.status = "Progressing"
hs.message = ""
if obj.status ~= nil then
  if obj.status.health ~= nil then
    hs.status = obj.status.health.status
    if obj.status.health.message ~= nil then
      hs.message = obj.status.health.message
    end
  end
end
return hs
"""
